package pgwatchrpc

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/rpc"
	"strings"
	"sync"
)

// What the receiver's own failures begin with: it is full, overloaded, stopping, or its disk does not write. They pass.
// All other errors are about the call itself.
const passing = "receiver "

// The arguments as pgwatch v3.6 has them, and the key, which receivers that do not know it ignore. It comes first, so
// that it can be checked before anything else is read.
type envelopeArgument struct {
	ApiKey     string
	DBName     string
	MetricName string
	CustomTags map[string]string
	Data       []map[string]any
}

type syncArgument struct {
	ApiKey     string
	DbName     string
	MetricName string
	Operation  int
}

type netRPC struct {
	target target

	mutex  sync.Mutex
	client *rpc.Client // nil when there is none, or the last one has broken
	closed bool
}

func newNetRPC(t target) *netRPC { return &netRPC{target: t} }

func (n *netRPC) write(ctx context.Context, envelope *Envelope) (string, error) {
	argument := &envelopeArgument{
		ApiKey:     n.target.key,
		DBName:     envelope.DBName,
		MetricName: envelope.MetricName,
		CustomTags: envelope.CustomTags,
		Data:       make([]map[string]any, len(envelope.Data)),
	}
	for i, row := range envelope.Data {
		argument.Data[i] = plainRow(row)
	}
	return n.call(ctx, "Receiver.UpdateMeasurements", argument)
}

func (n *netRPC) sync(ctx context.Context, dbName, metricName string, operation Operation) (string, error) {
	// on this wire Add is 0 and Delete 1
	return n.call(ctx, "Receiver.SyncMetric",
		&syncArgument{ApiKey: n.target.key, DbName: dbName, MetricName: metricName, Operation: int(operation) - 1})
}

func (n *netRPC) call(ctx context.Context, method string, argument any) (string, error) {
	client, err := n.connected(ctx)
	if err != nil {
		return "", err
	}
	var reply string
	call := client.Go(method, argument, &reply, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
		err = call.Error
	case <-ctx.Done():
		// nobody knows what became of it, and an answer that comes late would be waited for by nobody
		n.drop(client)
		return "", ctx.Err()
	}
	var told rpc.ServerError
	switch {
	case err == nil:
		return reply, nil
	case errors.As(err, &told):
		if strings.HasPrefix(string(told), passing) {
			return "", err
		}
		return "", lasting{err}
	default:
		n.drop(client)
		return "", err
	}
}

// connected gives the connection that there is, or makes one. Others wait meanwhile, but no longer than their contexts
// allow the one who connects: all have the same time-out.
func (n *netRPC) connected(ctx context.Context) (*rpc.Client, error) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.closed {
		return nil, ErrClosed
	}
	if n.client != nil {
		return n.client, nil
	}
	conn, err := dialer.DialContext(ctx, "tcp", n.target.address)
	if err != nil {
		return nil, err
	}
	if deadline, given := ctx.Deadline(); given {
		_ = conn.SetDeadline(deadline)
	}
	if n.target.tls != nil {
		// gob begins right after the handshake, as with pgwatch v3.6 and later v3
		secured := tls.Client(conn, n.target.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, authority(err)
		}
		conn = secured
	} else if err := connect(conn); err != nil {
		conn.Close()
		return nil, err
	}
	_ = conn.SetDeadline(noDeadline)
	n.client = rpc.NewClient(conn)
	return n.client, nil
}

// connect asks for net/rpc as Go's rpc.DialHTTP does.
func connect(conn net.Conn) error {
	if _, err := io.WriteString(conn, "CONNECT "+rpc.DefaultRPCPath+" HTTP/1.0\n\n"); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return fmt.Errorf("answer to CONNECT: %w (expected: 200; does the receiver want TLS? then give sslrootca)", err)
	}
	if answer.Status != "200 Connected to Go RPC" {
		return fmt.Errorf("answer to CONNECT: %s (expected: 200 Connected to Go RPC)", answer.Status)
	}
	return nil
}

func (n *netRPC) drop(client *rpc.Client) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.client == client {
		n.client = nil
	}
	_ = client.Close()
}

func (n *netRPC) close() error {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.closed = true
	if n.client == nil {
		return nil
	}
	client := n.client
	n.client = nil
	if err := client.Close(); err != nil && !errors.Is(err, rpc.ErrShutdown) {
		return err
	}
	return nil
}
