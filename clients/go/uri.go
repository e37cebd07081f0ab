package pgwatchrpc

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
)

// target is what a URI says.
type target struct {
	grpc          bool
	address       string // host:port
	username, key string
	tls           *tls.Config // nil: a plain connection
}

// parse never puts the URI, which has the key in it, into an error.
func parse(uri string) (target, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return target{}, fmt.Errorf("pgwatchrpc: URI: not well-formed (expected: rpc://HOST:PORT or grpc://HOST:PORT)")
	}
	t := target{grpc: u.Scheme == "grpc", address: u.Host}
	if u.Scheme != "rpc" && u.Scheme != "grpc" {
		return target{}, fmt.Errorf("pgwatchrpc: scheme of the URI: %q (expected: rpc or grpc)", u.Scheme)
	}
	if u.Hostname() == "" || u.Port() == "" {
		return target{}, fmt.Errorf("pgwatchrpc: host and port of the URI: %q (expected: HOST:PORT)", u.Host)
	}
	if u.Path != "" && u.Path != "/" {
		return target{}, fmt.Errorf("pgwatchrpc: path of the URI: %q (expected: none)", u.Path)
	}
	query := u.Query()
	for name, values := range query {
		if !slices.Contains([]string{"token", "sslrootca", "servername"}, name) {
			return target{}, fmt.Errorf("pgwatchrpc: parameter of the URI: %q (expected: token, sslrootca or servername)", name)
		}
		if len(values) > 1 {
			return target{}, fmt.Errorf("pgwatchrpc: parameter of the URI: %s stands there %d times (expected: once)", name, len(values))
		}
	}
	t.key = query.Get("token")
	if u.User != nil {
		if !t.grpc {
			return target{}, fmt.Errorf("pgwatchrpc: user of the URI: not with rpc:// (expected: token=KEY)")
		}
		t.username = u.User.Username()
		if password, given := u.User.Password(); given {
			if t.key != "" {
				return target{}, fmt.Errorf("pgwatchrpc: key of the URI: there are two, a password and a token (expected: one)")
			}
			t.key = password
		}
	}
	if file := query.Get("sslrootca"); file != "" {
		t.tls, err = tlsConfig(file)
		if err != nil {
			return target{}, err
		}
		t.tls.ServerName = u.Hostname()
		if name := query.Get("servername"); name != "" {
			t.tls.ServerName = name
		}
	} else if query.Has("servername") {
		return target{}, fmt.Errorf("pgwatchrpc: parameter of the URI: servername without sslrootca (expected: both)")
	}
	return t, nil
}

func tlsConfig(file string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if file == "system" {
		return config, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("pgwatchrpc: sslrootca: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("pgwatchrpc: sslrootca: %s has no certificate in it (expected: PEM)", file)
	}
	return config, nil
}

// dialer keeps dead peers from being waited for.
var dialer = net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true}}
