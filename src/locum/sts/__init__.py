"""The operations of AWS STS, one concept a file. Importing `operations` declares them."""
