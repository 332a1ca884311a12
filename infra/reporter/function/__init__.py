"""The folder that becomes the Lambda's code: the package `usage_reporter`, which needs nothing but boto3."""
