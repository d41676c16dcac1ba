package bus

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"time"
)

const (
	// keysLast is how long a set of keys is good: several seasons of sales, and an end for a lost file.
	keysLast = 365 * 24 * time.Hour
	// clockSlack is how far an agent's clock may be behind the one that the keys were made by.
	clockSlack = 24 * time.Hour
)

var dnsName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// certificates holds what TLS needs, in PEM.
type certificates struct{ ca, server, serverKey []byte }

// newCertificates makes a CA and has it sign a certificate for the hosts. The CA's key is gone afterwards,
// so that no other server can be given a certificate of the fleet.
func newCertificates(hosts []string, now time.Time) (*certificates, error) {
	leaf := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "fsctl bus"},
		DNSNames:    []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:   now.Add(-clockSlack),
		NotAfter:    now.Add(keysLast),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if err := addHosts(leaf, hosts); err != nil {
		return nil, err
	}
	ca := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "fsctl fleet"},
		NotBefore:             leaf.NotBefore,
		NotAfter:              leaf.NotAfter,
		KeyUsage:              x509.KeyUsageCertSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
	}
	return sign(ca, leaf)
}

// addHosts puts the names and addresses of a server into its certificate.
func addHosts(leaf *x509.Certificate, hosts []string) error {
	for _, host := range hosts {
		address, err := netip.ParseAddr(host)
		switch {
		case err == nil && address.IsUnspecified():
			return inputError("name what agents dial", "host: found %s, which no agent can dial, wanted a name or an IP address", host)
		case err == nil && address.Zone() == "":
			leaf.IPAddresses = append(leaf.IPAddresses, address.AsSlice())
		case len(host) <= 253 && dnsName.MatchString(host):
			leaf.DNSNames = append(leaf.DNSNames, host)
		default:
			return inputError("without scheme and port", "host: found %.80q, wanted a name or an IP address", host)
		}
	}
	return nil
}

func sign(ca, leaf *x509.Certificate) (*certificates, error) {
	caKey, err := newKey()
	if err != nil {
		return nil, err
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return &certificates{
		ca:        pemBlock(certificateBlock, caDER),
		server:    pemBlock(certificateBlock, leafDER),
		serverKey: pemBlock("PRIVATE KEY", keyDER),
	}, nil
}

func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return key, nil
}

const certificateBlock = "CERTIFICATE"

func pemBlock(kind string, content []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content})
}

// verifyBy are the terms on which a server's certificate is good for the holder of a CA.
func verifyBy(roots *x509.CertPool, now time.Time) x509.VerifyOptions {
	return x509.VerifyOptions{Roots: roots, CurrentTime: now}
}
