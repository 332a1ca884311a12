"""The edge: a WSGI application that puts each report on the stream and answers when Kinesis has it."""
