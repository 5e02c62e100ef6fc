"""Making a bare checkout ready: system packages, the virtual environment, the built page. Standard library only."""
