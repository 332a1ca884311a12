"""The emulated S3: moto's, repaired, and which operation a request asks for."""
