"""The wire: requests become operations and inputs, results and refusals become bytes. Pure: no clock, disk or net."""
