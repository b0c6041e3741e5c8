"""What the page promises, one module per part of the page."""
