package pgwatchrpc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"
)

var noDeadline time.Time

// authority marks what another attempt would not change: the receiver has a certificate that is not to be trusted.
func authority(err error) error {
	var untrusted *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	if errors.As(err, &untrusted) || errors.As(err, &unknown) || errors.As(err, &name) {
		return lasting{err}
	}
	return err
}
