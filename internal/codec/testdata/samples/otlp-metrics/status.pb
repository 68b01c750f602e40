no good0
(type.googleapis.com/google.rpc.RetryInfo
