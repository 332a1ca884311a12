"""What a deployment of the product runs: a construct for its CDK app, and the Lambda that reports daily."""
