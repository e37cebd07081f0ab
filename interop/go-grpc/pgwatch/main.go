// Command pgwatch calls a receiver over gRPC as pgwatch 4 to 6 do, and checks the answers.
//
// It exits with 0, or with 1 and the reason on standard error (2: a flag it does not know).
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"pgwatchrpc/interop-grpc/pb"
)

type options struct {
	addr, user, pass string
	ca, cert, key    string
	later            time.Duration
	scenario         string
	connections      int
	calls, rows      int
	definitions      int
	timeout          time.Duration
}

// session is one connection with a number, and what was accepted on it.
type session struct {
	options
	number   int
	ctx      context.Context
	conn     *grpc.ClientConn
	receiver pb.ReceiverClient
	accepted []int // numbers of rows
}

func main() {
	o := options{}
	flag.StringVar(&o.addr, "addr", "127.0.0.1:5000", "the receiver")
	flag.StringVar(&o.user, "user", "", "metadata username")
	flag.StringVar(&o.pass, "pass", "", "metadata password")
	flag.StringVar(&o.ca, "ca", "", "use TLS and trust the certificates in this file")
	flag.StringVar(&o.cert, "cert", "", "with -ca: show this certificate")
	flag.StringVar(&o.key, "key", "", "with -cert: its private key")
	flag.DurationVar(&o.later, "later", 0, "with -ca: believe that it is so much later than it is")
	flag.StringVar(&o.scenario, "scenario", "v5", "v5, v6, errors, services or restart")
	flag.IntVar(&o.connections, "connections", 1, "how many at the same time, each playing the whole scenario")
	flag.IntVar(&o.calls, "calls", 10, "UpdateMeasurements calls a connection")
	flag.IntVar(&o.rows, "rows", 10, "rows a call")
	flag.IntVar(&o.definitions, "definitions", 200_000, "bytes of DefineMetrics, about")
	flag.DurationVar(&o.timeout, "timeout", time.Minute, "for the whole scenario")
	flag.Parse()

	time.AfterFunc(o.timeout, func() {
		fmt.Fprintf(os.Stderr, "pgwatch: not done within %v\n", o.timeout)
		os.Exit(1)
	})
	play, known := scenarios[o.scenario]
	if !known {
		fmt.Fprintf(os.Stderr, "pgwatch: scenario: %s is not known\n", o.scenario)
		os.Exit(2)
	}
	var wait sync.WaitGroup
	sessions := make([]*session, o.connections)
	failures := make([]error, o.connections)
	for i := range sessions {
		sessions[i] = &session{options: o, number: i}
		wait.Add(1)
		go func() {
			defer wait.Done()
			failures[i] = sessions[i].run(play)
		}()
	}
	wait.Wait()
	accepted := []int{}
	for i, each := range sessions {
		if failures[i] != nil {
			fmt.Fprintf(os.Stderr, "pgwatch: connection %d: %v\n", i, failures[i])
			os.Exit(1)
		}
		accepted = append(accepted, each.accepted...)
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"accepted": accepted})
}

// credentials trusts the authorities of -ca and nobody else, as pgwatch does with sslrootca.
func (o *options) credentials() (credentials.TransportCredentials, error) {
	if o.ca == "" {
		return insecure.NewCredentials(), nil
	}
	pem, err := os.ReadFile(o.ca)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", o.ca)
	}
	if o.cert != "" {
		own, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{own}
	}
	if o.later != 0 {
		config.Time = func() time.Time { return time.Now().Add(o.later) }
	}
	return credentials.NewTLS(config), nil
}

func (s *session) run(play func(*session) error) error {
	transport, err := s.credentials()
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient("passthrough:///"+s.addr,
		grpc.WithTransportCredentials(transport),
		grpc.WithUnaryInterceptor(s.withCredentials))
	if err != nil {
		return err
	}
	defer conn.Close()
	// pgwatch sets no deadline
	s.ctx, s.conn, s.receiver = context.Background(), conn, pb.NewReceiverClient(conn)
	return play(s)
}

// withCredentials does what pgwatch does with every call: both names are sent, empty when none were given.
func (s *session) withCredentials(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn,
	invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoke(metadata.AppendToOutgoingContext(ctx, "username", s.user, "password", s.pass),
		method, req, reply, conn, opts...)
}
