// Package pgwatchrpc sends measurements to a pgwatch-rpc receiver, with its key and over TLS. It is what pgwatch, or
// anything else written in Go, needs to be a client that survives: it connects again by itself, tries again what may be
// tried again, and never waits for ever.
//
//	sink, err := pgwatchrpc.Open("rpc://receiver:5000/?token=KEY&sslrootca=/etc/pgwatch/ca.crt")
//	if err != nil { … }
//	defer sink.Close()
//	err = sink.Write(ctx, &pgwatchrpc.Envelope{DBName: "db1", MetricName: "db_stats", Data: rows})
//
// URIs:
//
//	rpc://HOST:PORT[/?token=KEY][&sslrootca=FILE][&servername=NAME]          net/rpc with gob, as pgwatch v3
//	grpc://[NAME[:KEY]@]HOST:PORT[/?token=KEY][&sslrootca=FILE][&servername=NAME]   gRPC, as pgwatch v4 and later
//
// With sslrootca the connection is TLS and the receiver's certificate must come from an authority in that file;
// "sslrootca=system" takes the machine's authorities. Without it the connection is plain.
//
// A nil error means that the receiver has stored the rows. An error means that it has said no, or that nobody knows: a
// call whose answer was lost is sent again, so rows can arrive twice, and never by themselves not at all.
//
// The package registers nothing globally, so that a program which has pgwatch's own protobuf messages can use it too.
package pgwatchrpc
