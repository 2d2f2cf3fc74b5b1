"""Facts about AWS: names, ids, codes, limits, shapes. No behaviour beyond parse and format; imports nothing."""
