// Command serve is a real Go net/rpc server to call from other languages. It
// prints one JSON line with its two addresses and stops when its standard
// input ends.
package main

import (
	"encoding/json"
	"flag"
	"io"
	"log"
	"net"
	"os"

	"pgwatchrpc/interop/internal/pgwatch"
	"pgwatchrpc/interop/internal/server"
)

func main() {
	log.SetFlags(0)
	httpAddr := flag.String("http", "127.0.0.1:0", "address for net/rpc over HTTP CONNECT")
	rawAddr := flag.String("raw", "127.0.0.1:0", "address for raw gob")
	out := flag.String("out", "", "append each call of Receiver to this file, as JSON lines")
	version := flag.String("shape", "v3.7", "version of pgwatch whose arguments Receiver takes: "+pgwatch.Shapes)
	flag.Parse()
	if err := run(*httpAddr, *rawAddr, *out, *version); err != nil {
		log.Fatal("serve: ", err)
	}
}

func run(httpAddr, rawAddr, out, version string) error {
	shape, err := pgwatch.ShapeOf(version)
	if err != nil {
		return err
	}
	calls := io.Discard
	if out != "" {
		f, err := os.OpenFile(out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer f.Close()
		calls = f
	}
	s, err := server.New(shape, calls)
	if err != nil {
		return err
	}
	httpListener, err := net.Listen("tcp", httpAddr)
	if err != nil {
		return err
	}
	rawListener, err := net.Listen("tcp", rawAddr)
	if err != nil {
		return err
	}
	go server.ServeHTTP(s, httpListener)
	go server.ServeRaw(s, rawListener)
	addresses := map[string]string{"http": httpListener.Addr().String(), "raw": rawListener.Addr().String()}
	if err := json.NewEncoder(os.Stdout).Encode(addresses); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
