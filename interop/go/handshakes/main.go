// Command handshakes measures a TLS server: handshakes a second, full and
// resumed, and the memory of idle connections. With -serve it is such a server
// itself, the least that Go's crypto/tls can do, to stand beside another one.
//
// It prints one JSON line.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/rpc"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"pgwatchrpc/interop/internal/secure"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("handshakes: ")
	var files secure.Flags
	files.Register()
	addr := flag.String("addr", "127.0.0.1:5000", "the server, or with -serve where to listen")
	serveIt := flag.Bool("serve", false, "be the server, with -cert and -key; prints its address")
	what := flag.String("what", "full", "full, resumed, or idle")
	duration := flag.Duration("d", 5*time.Second, "full, resumed: how long to measure, after a fifth of it to warm up")
	clients := flag.Int("c", 8, "full, resumed: connections at a time")
	count := flag.Int("n", 200, "idle: connections")
	pid := flag.Int("pid", 0, "the server's process: its CPU time, and for idle its memory")
	flag.Parse()

	if *serveIt {
		log.Fatal(serve(*addr, files))
	}
	config, err := files.Config()
	if err == nil && config == nil {
		err = fmt.Errorf("-ca is missing")
	}
	if err != nil {
		log.Fatal(err)
	}
	var result map[string]any
	switch *what {
	case "full", "resumed":
		result, err = measure(*addr, config, *what == "resumed", *clients, *duration, *pid)
	case "idle":
		result, err = idle(*addr, config, *count, *pid)
	default:
		err = fmt.Errorf("-what: %q (expected: full, resumed or idle)", *what)
	}
	if err != nil {
		log.Fatal(err)
	}
	_ = json.NewEncoder(os.Stdout).Encode(result)
}

// serve answers net/rpc in raw gob, so that an idle connection has been in use.
func serve(addr string, files secure.Flags) error {
	own, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		return err
	}
	listener, err := tls.Listen("tcp", addr, &tls.Config{Certificates: []tls.Certificate{own}})
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	if err := rpc.RegisterName("Receiver", &receiver{}); err != nil {
		return err
	}
	rpc.Accept(listener)
	return nil
}

type receiver struct{}

// Sync is a SyncMetric of pgwatch.
type Sync struct {
	DbName, MetricName string
	Operation          int
}

// SyncMetric does nothing, successfully.
func (*receiver) SyncMetric(Sync, *string) error { return nil }

// connect makes a connection with a call on it. With TLS 1.3 a client knows
// only from the server's first bytes that the server has finished as well, and
// they bring the ticket with which to resume.
func connect(addr string, config *tls.Config) (*tls.Conn, error) {
	conn, err := tls.Dial("tcp", addr, config)
	if err != nil {
		return nil, err
	}
	if err := rpc.NewClient(conn).Call("Receiver.SyncMetric", Sync{"db", "metric", 0}, new(string)); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func measure(addr string, config *tls.Config, resumed bool, clients int, duration time.Duration, pid int) (map[string]any, error) {
	var done, wrong atomic.Int64
	var failure atomic.Value
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for i := 0; i < clients; i++ {
		mine := config.Clone()
		if resumed {
			mine.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		}
		wait.Add(1)
		go func() {
			defer wait.Done()
			for first := true; ; first = false {
				select {
				case <-stop:
					return
				default:
				}
				conn, err := connect(addr, mine)
				if err != nil {
					failure.Store(err)
					return
				}
				if conn.ConnectionState().DidResume != (resumed && !first) {
					wrong.Add(1)
				}
				done.Add(1)
				conn.Close()
			}
		}()
	}
	time.Sleep(duration / 5)
	before, cpu, began := done.Load(), cpuSeconds(pid), time.Now()
	time.Sleep(duration)
	count, seconds, spent := done.Load()-before, time.Since(began).Seconds(), cpuSeconds(pid)-cpu
	close(stop)
	wait.Wait()
	if err := failure.Load(); err != nil {
		return nil, err.(error)
	}
	return map[string]any{
		"handshakes_s": float64(count) / seconds, "server_cpu_ms_each": spent * 1000 / float64(count),
		"not_as_asked": wrong.Load(),
	}, nil
}

func idle(addr string, config *tls.Config, count, pid int) (map[string]any, error) {
	// what the first connections cost once is not theirs
	var open []net.Conn
	if _, err := connectAll(addr, config, 20, &open); err != nil {
		return nil, err
	}
	time.Sleep(time.Second)
	before := residentKB(pid)
	if _, err := connectAll(addr, config, count, &open); err != nil {
		return nil, err
	}
	time.Sleep(3 * time.Second)
	after := residentKB(pid)
	for _, each := range open {
		each.Close()
	}
	return map[string]any{
		"connections": count, "rss_before_kb": before, "rss_after_kb": after,
		"kb_each": float64(after-before) / float64(count),
	}, nil
}

func connectAll(addr string, config *tls.Config, count int, open *[]net.Conn) (int, error) {
	for i := 0; i < count; i++ {
		conn, err := connect(addr, config)
		if err != nil {
			return i, err
		}
		*open = append(*open, conn)
	}
	return count, nil
}

// cpuSeconds is the time that a process has spent, in hundredths.
func cpuSeconds(pid int) float64 {
	bytes, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// the name in parentheses may hold anything
	fields := strings.Fields(string(bytes[strings.LastIndexByte(string(bytes), ')')+1:]))
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100
}

func residentKB(pid int) int {
	bytes, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(bytes), "\n") {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb
		}
	}
	return 0
}
