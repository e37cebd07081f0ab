// Command certificates makes an authority, a server's certificate for this
// machine and a client's, as PEM files of a directory: NAME-ca.crt,
// NAME-server.crt and .key, NAME-client.crt and .key.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"log"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("certificates: ")
	dir := flag.String("dir", ".", "where to")
	name := flag.String("name", "test", "first part of the files' names")
	flag.Parse()

	file := func(suffix string) string { return filepath.Join(*dir, *name+"-"+suffix) }
	ca, caKey := issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: *name + " authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	write(file("ca.crt"), "CERTIFICATE", ca.Raw, 0o644)
	for kind, template := range map[string]*x509.Certificate{
		"server": {
			Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
			KeyUsage:    x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		},
		"client": {
			Subject:  pkix.Name{CommonName: *name + " client"},
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		},
	} {
		certificate, key := issue(template, ca, caKey)
		write(file(kind+".crt"), "CERTIFICATE", certificate.Raw, 0o644)
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		check(err)
		write(file(kind+".key"), "PRIVATE KEY", pkcs8, 0o600)
	}
}

// issue signs a template, by itself when there is no issuer.
func issue(template, issuer *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62))
	check(err)
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(90*24*time.Hour)
	if issuer == nil {
		issuer, signer = template, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), signer)
	check(err)
	certificate, err := x509.ParseCertificate(raw)
	check(err)
	return certificate, key
}

func write(file, kind string, bytes []byte, mode os.FileMode) {
	check(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), mode))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
