# make test    everything, with the race detector; installs what the tests need
# make lint    vet, formatting and staticcheck
# make check   go.mod files are tidy, and fsctl builds for the systems it is not tested on
# make build   bin/fsctl
# make bench   the benchmarks
# make bench-peers   fsctl against other load generators, into docs/performance.md: half an hour on an idle machine
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.0
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
PLATFORMS := windows/amd64 darwin/arm64 linux/arm64

.PHONY: build test lint check bench bench-peers deps

build:
	CGO_ENABLED=0 go build -trimpath -o bin/fsctl .

test: deps
	go test -race -timeout 15m ./...
	cd deploy && go test -race .

lint:
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "not gofmt-ed:" $$unformatted; exit 1; }
	go vet ./... && cd deploy && go vet .
	go run $(STATICCHECK) ./... && cd deploy && go run $(STATICCHECK) .

# Without optimizing, these builds take a third less. vet compiles the tests too, and the files of the system they are for.
#
# What is generated is held by tests: docs/checks.md (plan/queueing), docs/exit-codes.md (report/exitcode), what README.md and
# docs/ show of commands, the help and the JSON forms (cmd), the schema (scenarios), the manifests (deploy). They are written
# anew by the same tests with -update. The figures of docs/performance.md take half an hour on an idle machine: make bench-peers.
check:
	go mod tidy -diff && cd deploy && go mod tidy -diff
	@for p in $(PLATFORMS); do \
		echo "build for $$p"; CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} go build -gcflags='all=-N -l' -o /dev/null . || exit 1; done
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 go vet -gcflags='all=-N -l' ./...

bench:
	go test -run '^$$' -bench . -benchmem ./...

bench-peers:
	bench/run.sh --write docs/performance.md

# The race detector needs a C compiler; tests drive a real nginx, a nats-server that is not the embedded one,
# and show pages in a real Chromium.
deps:
	@export PATH="$$PATH:/usr/sbin"; command -v nginx >/dev/null && command -v cc >/dev/null && command -v chromium >/dev/null && command -v nats-server >/dev/null && command -v ip >/dev/null || { \
		$(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends nginx-light gcc libc6-dev chromium nats-server iproute2; }
