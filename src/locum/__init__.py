"""Identity and access management that speaks AWS: self-hosted, refusing by default, explained."""

__version__ = "0.1.0"
