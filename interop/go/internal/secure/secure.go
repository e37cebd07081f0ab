// Package secure holds the client's side of TLS as the programs here take it
// from their flags.
package secure

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"os"
	"time"
)

// Flags say whom to trust and what to show.
type Flags struct {
	CA, Cert, Key string
	Later         time.Duration
}

// Register adds the flags to the program's.
func (f *Flags) Register() {
	flag.StringVar(&f.CA, "ca", "", "use TLS and trust the certificates in this file")
	flag.StringVar(&f.Cert, "cert", "", "with -ca: show this certificate")
	flag.StringVar(&f.Key, "key", "", "with -cert: its private key")
	flag.DurationVar(&f.Later, "later", 0, "with -ca: believe that it is so much later than it is")
}

// Config is what pgwatch gives to crypto/tls: the authorities, and nothing else
// that it was not asked for. It is nil without -ca.
func (f *Flags) Config() (*tls.Config, error) {
	if f.CA == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", f.CA)
	}
	if f.Cert != "" {
		own, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{own}
	}
	if f.Later != 0 {
		config.Time = func() time.Time { return time.Now().Add(f.Later) }
	}
	return config, nil
}
