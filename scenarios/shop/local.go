package shop

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"fsctl/scenarios"
)

// Local is a shop that serves on a free port of this machine.
type Local struct {
	URL  string // http://127.0.0.1:PORT
	stop context.CancelFunc
	done chan error
}

// ForScenario returns the shop that a scenario is rehearsed against: its sale, 1 item of 1000 pieces where it has none, and
// the workers of the rehearsal.
func ForScenario(sc *scenarios.Scenario, r scenarios.Rehearsal) Config {
	sale := scenarios.Sale{Items: 1, Stock: 1000, SKU: "sku-${n}"}
	if sc.Sale != nil {
		sale = *sc.Sale
	}
	return Config{Items: sale.Items, Stock: sale.Stock, PerUser: sale.PerUser, ServiceTime: r.ServiceTime, Workers: r.Workers, ConfirmAfter: r.Confirm,
		SKU: func(n int) string { return strings.ReplaceAll(sale.SKU, "${n}", strconv.Itoa(n)) }}
}

// StartLocal starts a shop on a free loopback port. It serves until Close, and not until some context ends: after an
// interruption its last answers are still awaited, and its ledger is read.
func StartLocal(config Config) (*Local, error) {
	s, err := New(config)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the built-in shop: %w", err)
	}
	l := &Local{URL: "http://" + listener.Addr().String(), done: make(chan error, 1)}
	var ctx context.Context
	ctx, l.stop = context.WithCancel(context.Background())
	go func() { l.done <- s.Serve(ctx, listener) }()
	return l, nil
}

// Close lets the requests under way end and stops the shop. It returns the error of [Shop.Serve].
func (l *Local) Close() error {
	l.stop()
	return <-l.done
}
