"""Reports a deployment's usage once a day. Nothing but the standard library and boto3, as Lambda has them."""
