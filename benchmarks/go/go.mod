module github.com/pgwatchrpc/benchmarks

go 1.21
