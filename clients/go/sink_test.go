package pgwatchrpc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/rpc"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// EnvelopeArgument is what pgwatch's receiver in Go takes; net/rpc wants it exported.
type EnvelopeArgument struct {
	ApiKey, DBName, MetricName string
	CustomTags                 map[string]string
	Data                       []map[string]any
}

// SyncArgument likewise.
type SyncArgument struct {
	ApiKey, DbName, MetricName string
	Operation                  int
}

// Receiver is Go's own net/rpc on the other side.
type Receiver struct {
	mutex    sync.Mutex
	answers  []error // one for each call; nil from then on
	calls    []EnvelopeArgument
	syncs    []SyncArgument
	entered  chan struct{}
	blocking chan struct{} // if not nil, calls wait for it
}

func (r *Receiver) next() error {
	if r.blocking != nil {
		r.entered <- struct{}{}
		<-r.blocking
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(r.answers) == 0 {
		return nil
	}
	answer := r.answers[0]
	r.answers = r.answers[1:]
	return answer
}

func (r *Receiver) UpdateMeasurements(argument *EnvelopeArgument, reply *string) error {
	if err := r.next(); err != nil {
		return err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.calls = append(r.calls, *argument)
	*reply = "thank you"
	return nil
}

func (r *Receiver) SyncMetric(argument *SyncArgument, reply *string) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.syncs = append(r.syncs, *argument)
	return nil
}

// server serves net/rpc over CONNECT, or raw when it has a certificate, and can drop its connections.
type server struct {
	listener net.Listener
	mutex    sync.Mutex
	conns    []net.Conn
}

func serve(t *testing.T, r *Receiver, config *tls.Config) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rpcServer := rpc.NewServer()
	if err := rpcServer.RegisterName("Receiver", r); err != nil {
		t.Fatal(err)
	}
	s := &server{listener: listener}
	t.Cleanup(func() { listener.Close(); s.drop() })
	if config == nil {
		mux := http.NewServeMux()
		mux.Handle(rpc.DefaultRPCPath, rpcServer)
		go http.Serve(keeping{listener, s}, mux)
		return s
	}
	go func() {
		for {
			conn, err := keeping{listener, s}.Accept()
			if err != nil {
				return
			}
			go rpcServer.ServeConn(tls.Server(conn, config))
		}
	}()
	return s
}

type keeping struct {
	net.Listener
	server *server
}

func (k keeping) Accept() (net.Conn, error) {
	conn, err := k.Listener.Accept()
	if err == nil {
		k.server.mutex.Lock()
		k.server.conns = append(k.server.conns, conn)
		k.server.mutex.Unlock()
	}
	return conn, err
}

func (s *server) drop() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, conn := range s.conns {
		conn.Close()
	}
	s.conns = nil
}

func (s *server) address() string { return s.listener.Addr().String() }

func open(t *testing.T, uri string, options ...Option) Sink {
	t.Helper()
	sink, err := Open(uri, append([]Option{BackOff(time.Millisecond, 10*time.Millisecond)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sink.Close() })
	return sink
}

func envelope() *Envelope {
	return &Envelope{DBName: "db", MetricName: "m", CustomTags: map[string]string{"env": "test"},
		Data: []map[string]any{{"epoch_ns": int64(1), "value": 1.5, "nothing": nil, "text": "x", "bytes": []byte{1}}}}
}

func TestTheKeyAndTheRowsArrive(t *testing.T) {
	r := &Receiver{}
	said := ""
	sink := open(t, "rpc://"+serve(t, r, nil).address()+"/?token=secret", OnMessage(func(m string) { said = m }))
	if err := sink.Write(context.Background(), envelope()); err != nil {
		t.Fatal(err)
	}
	if err := sink.SyncMetric(context.Background(), "db", "m", Delete); err != nil {
		t.Fatal(err)
	}
	got := r.calls[0]
	if got.ApiKey != "secret" || got.DBName != "db" || got.MetricName != "m" || got.CustomTags["env"] != "test" {
		t.Errorf("%+v", got)
	}
	if row := got.Data[0]; row["epoch_ns"] != int64(1) || row["value"] != 1.5 || row["nothing"] != nil || row["text"] != "x" {
		t.Errorf("%v", row)
	}
	if said != "thank you" {
		t.Errorf("%q", said)
	}
	if s := r.syncs[0]; s.ApiKey != "secret" || s.Operation != 1 {
		t.Errorf("%+v", s)
	}
}

func TestValuesThatNoWireCarriesBecomeText(t *testing.T) {
	r := &Receiver{}
	sink := open(t, "rpc://"+serve(t, r, nil).address())
	at := time.Date(2024, 5, 6, 7, 8, 9, 10, time.UTC)
	e := &Envelope{DBName: "db", MetricName: "m", Data: []map[string]any{
		{"time": at, "list": []any{1, "a"}, "map": map[string]any{"k": 1.5}, "big": big.NewInt(7)},
		{"after": true}}}
	if err := sink.Write(context.Background(), e); err != nil {
		t.Fatal(err)
	}
	row := r.calls[0].Data[0]
	for name, want := range map[string]string{
		"time": "2024-05-06T07:08:09.00000001Z", "list": `[1,"a"]`, "map": `{"k":1.5}`, "big": "7"} {
		if row[name] != want {
			t.Errorf("%s: %v (expected: %s)", name, row[name], want)
		}
	}
	if r.calls[0].Data[1]["after"] != true {
		t.Error("second row")
	}
}

func TestWhatPassesIsTriedAgainAndWhatLastsIsNot(t *testing.T) {
	r := &Receiver{answers: []error{
		errors.New("receiver is overloaded: bytes waiting to be stored: 2 (expected: <= 1)"),
		errors.New("receiver could not store the rows: disk full"),
		nil,
		errors.New("empty metric name"),
	}}
	sink := open(t, "rpc://"+serve(t, r, nil).address())
	if err := sink.Write(context.Background(), envelope()); err != nil {
		t.Fatal(err)
	}
	err := sink.Write(context.Background(), envelope())
	var told rpc.ServerError
	if !errors.As(err, &told) || told != "empty metric name" || errors.Is(err, ErrGaveUp) {
		t.Fatal(err)
	}
	if len(r.calls) != 1 {
		t.Errorf("%d calls", len(r.calls))
	}
}

func TestItConnectsAgain(t *testing.T) {
	r := &Receiver{}
	s := serve(t, r, nil)
	sink := open(t, "rpc://"+s.address())
	for i := 0; i < 5; i++ {
		if err := sink.Write(context.Background(), envelope()); err != nil {
			t.Fatal(i, err)
		}
		s.drop()
	}
	if len(r.calls) < 5 {
		t.Errorf("%d calls", len(r.calls))
	}
}

func TestItGivesUp(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	for _, scheme := range []string{"rpc://", "grpc://"} {
		sink := open(t, scheme+address, RetryFor(20*time.Millisecond))
		if err := sink.Write(context.Background(), envelope()); !errors.Is(err, ErrGaveUp) {
			t.Error(scheme, err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := sink.Write(ctx, envelope()); !errors.Is(err, ErrGaveUp) || !errors.Is(err, context.Canceled) {
			t.Error(scheme, err)
		}
	}
}

func TestAHangingReceiverIsNotWaitedForForEver(t *testing.T) {
	r := &Receiver{entered: make(chan struct{}, 10), blocking: make(chan struct{})}
	sink := open(t, "rpc://"+serve(t, r, nil).address(), CallTimeout(50*time.Millisecond), RetryFor(0))
	if err := sink.Write(context.Background(), envelope()); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	close(r.blocking)
	if err := sink.Write(context.Background(), envelope()); err != nil {
		t.Error("the next call:", err)
	}
}

func TestCloseEndsCallsInFlight(t *testing.T) {
	r := &Receiver{entered: make(chan struct{}, 1), blocking: make(chan struct{})}
	defer close(r.blocking)
	sink := open(t, "rpc://"+serve(t, r, nil).address())
	done := make(chan error)
	go func() { done <- sink.Write(context.Background(), envelope()) }()
	<-r.entered
	if err := sink.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := sink.Write(context.Background(), envelope()); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := sink.Close(); err != nil {
		t.Error("second close:", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	r := &Receiver{}
	sink := open(t, "rpc://"+serve(t, r, nil).address())
	var all sync.WaitGroup
	for i := 0; i < 20; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for j := 0; j < 20; j++ {
				if err := sink.Write(context.Background(), envelope()); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	all.Wait()
	if len(r.calls) != 400 {
		t.Errorf("%d calls", len(r.calls))
	}
}

// certificate makes one for a host, its own authority, and writes it to a file.
func certificate(t *testing.T, host string) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, file
}

func TestTLS(t *testing.T) {
	r := &Receiver{}
	config, file := certificate(t, "127.0.0.1")
	_, other := certificate(t, "127.0.0.1")
	address := serve(t, r, config).address()
	if err := open(t, "rpc://"+address+"?sslrootca="+file).Write(context.Background(), envelope()); err != nil {
		t.Fatal(err)
	}
	err := open(t, "rpc://"+address+"?sslrootca="+other).Write(context.Background(), envelope())
	var untrusted *tls.CertificateVerificationError
	if !errors.As(err, &untrusted) || errors.Is(err, ErrGaveUp) {
		t.Error("another authority:", err)
	}
	err = open(t, "rpc://"+address+"?servername=elsewhere&sslrootca="+file).Write(context.Background(), envelope())
	if !errors.As(err, &untrusted) {
		t.Error("another name:", err)
	}
}

func TestURIs(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for uri, want := range map[string]string{
		"http://h:1/?token=SECRET":             `scheme of the URI: "http" (expected: rpc or grpc)`,
		"rpc://h/?token=SECRET":                `host and port of the URI: "h" (expected: HOST:PORT)`,
		"rpc://:1/?token=SECRET":               `host and port of the URI: ":1" (expected: HOST:PORT)`,
		"rpc://h:1/p?token=SECRET":             `path of the URI: "/p" (expected: none)`,
		"rpc://h:1/?tokens=SECRET":             `parameter of the URI: "tokens" (expected: token, sslrootca or servername)`,
		"rpc://h:1/?token=SECRET&token=SECRET": `parameter of the URI: token stands there 2 times (expected: once)`,
		"rpc://SECRET@h:1":                     `user of the URI: not with rpc:// (expected: token=KEY)`,
		"grpc://n:SECRET@h:1/?token=SECRET":    `key of the URI: there are two, a password and a token (expected: one)`,
		"rpc://h:1/?servername=x":              `parameter of the URI: servername without sslrootca (expected: both)`,
		"rpc://h:1/?sslrootca=" + empty:        `sslrootca: ` + empty + ` has no certificate in it (expected: PEM)`,
		"rpc://h:1/?sslrootca=/does/not/exist": `sslrootca: open /does/not/exist: no such file or directory`,
		"rpc://h:1\x7f/?token=SECRET":          `URI: not well-formed (expected: rpc://HOST:PORT or grpc://HOST:PORT)`,
		"grpc://n:SECRET@h:port":               `URI: not well-formed (expected: rpc://HOST:PORT or grpc://HOST:PORT)`,
	} {
		_, err := Open(uri)
		if err == nil || err.Error() != "pgwatchrpc: "+want {
			t.Errorf("%s: %v (expected: %s)", uri, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: the key is in the error", uri)
		}
	}
	if _, err := Open("rpc://h:1", CallTimeout(0)); err == nil {
		t.Error("time-out 0")
	}
	if err := open(t, "rpc://127.0.0.1:1").SyncMetric(context.Background(), "d", "m", 9); err == nil ||
		!strings.Contains(err.Error(), "operation: 9 (expected: Add or Delete)") {
		t.Error(err)
	}
}
