"""The dashboard: reads the store, starts and steers runs in processes of their own."""
