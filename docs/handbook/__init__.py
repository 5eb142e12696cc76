"""The handbook for a town clerk, and the script that takes its pictures."""
