"""What is asked: problem folders, their references, and the gap that scores them."""
