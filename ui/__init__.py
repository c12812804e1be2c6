"""The dashboard: reads the store, and starts and steers runs in separate processes."""
