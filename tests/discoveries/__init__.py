"""What the pages in docs/discoveries are made from: ablations, their measurement, pictures, and the generated tables."""
