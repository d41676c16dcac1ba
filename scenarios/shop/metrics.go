package shop

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// openMetrics gives the shop a registry of its own, so that many shops fit in one process.
func (s *Shop) openMetrics() {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "shop", Name: name, Help: help}, value)
	}
	s.requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "shop", Name: "requests_total",
		Help: "Requests by step and status code; the code is reset for a connection reset by a fault, gone for a client that left the queue.",
	}, []string{"step", "code"})
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		s.requests,
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: "shop", Name: "worker_busy_seconds_total", Help: "Time that requests held a worker.",
		}, func() float64 { _, _, worked := s.line.load(); return worked.Seconds() }),
		gauge("workers", "Requests that can be served at once; 0 is no limit.", func() float64 { return float64(s.config.Workers) }),
		gauge("workers_busy", "Requests that hold a worker.", func() float64 { busy, _, _ := s.line.load(); return float64(busy) }),
		gauge("queue_depth", "Requests that wait for a worker.", func() float64 { _, waiting, _ := s.line.load(); return float64(waiting) }),
		gauge("stock_units", "Units left on the shelf, all items together.", s.unitsLeft),
		gauge("orders", "Orders in the ledger.", func() float64 { return float64(s.entries()) }),
	)
	s.metrics = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

func (s *Shop) unitsLeft() float64 {
	var units float64
	for i := range s.items {
		units += float64(s.items[i].onShelf())
	}
	return units
}

// count counts one finished request. The step of a path that the shop does not have is other.
func (s *Shop) count(step, code string) {
	s.requests.WithLabelValues(step, code).Inc()
}
