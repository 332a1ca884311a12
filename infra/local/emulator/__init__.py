"""The emulated AWS: moto, repaired where it differs from AWS, with clocks, faults and a record of calls."""
