# make test    everything, with the race detector; installs what the tests need
# make lint    vet, formatting and staticcheck
# make build   bin/fsctl
# make bench   the benchmarks
# make bench-peers   fsctl against other load generators, into docs/performance.md: 20 minutes on an idle machine
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.0
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: build test lint bench bench-peers deps

build:
	CGO_ENABLED=0 go build -trimpath -o bin/fsctl .

test: deps
	go test -race -timeout 15m ./...

lint:
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "not gofmt-ed:" $$unformatted; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

bench:
	go test -run '^$$' -bench . -benchmem ./...

bench-peers:
	bench/run.sh --write docs/performance.md

# The race detector needs a C compiler; tests drive a real nginx and show pages in a real Chromium.
deps:
	@command -v nginx >/dev/null && command -v cc >/dev/null && command -v chromium >/dev/null || { \
		$(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends nginx-light gcc libc6-dev chromium; }
