"""What is unusual here: an online and a batch model, generated names, first contacts; every score with its reasons."""
