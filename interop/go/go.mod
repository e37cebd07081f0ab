module pgwatchrpc/interop

go 1.21
