"""The deployment: what an operator may choose, and the CDK app, stacks and constructs made from it."""
