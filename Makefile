# make quick     vet, and the tests that need no server and no seconds: under a minute
# make test      everything, with the race detector; installs what the tests need
# make lint      vet, formatting and staticcheck
# make check     go.mod files are tidy, and fsctl builds for the systems it is not tested on
# make build     bin/fsctl
# make golden    writes every golden file and generated page anew: read the difference
# make fuzz      every fuzz target for 30 s each, or FUZZTIME=5m
# make kill      kills processes at sixty random instants: nothing is lost but the last second; some minutes
# make servers   a storm to each of some twenty real servers, which it installs: some minutes
# make soak      a storm of ten minutes, or SOAK=1h: the generator does not grow
# make bench     the benchmarks
# make bench-peers   fsctl against other load generators, into docs/performance.md: half an hour on an idle machine
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.0
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
PLATFORMS := windows/amd64 darwin/arm64 linux/arm64
SHELL := /bin/bash -o pipefail

# Without it the race detector sleeps for a second at the end of each of some hundred programs.
export GORACE := atexit_sleep_ms=10

.PHONY: build quick test lint check golden fuzz kill servers soak bench bench-peers deps

build:
	CGO_ENABLED=0 go build -trimpath -o bin/fsctl .

# A test that is skipped fails unless .ci/skips.txt has it, or skips-quick.txt.
quick:
	go vet ./...
	go test -short -vet=off -json ./... | go run .ci/skips.go .ci/skips-quick.txt

# make lint vets.
test: deps
	go test -race -vet=off -timeout 15m -json ./... | go run .ci/skips.go .ci/skips.txt
	cd deploy && go test -race -vet=off -json . | go run ../.ci/skips.go ../.ci/skips.txt

lint:
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "not gofmt-ed:" $$unformatted; exit 1; }
	go vet ./... && go vet -tags long,servers ./cmd && cd deploy && go vet .
	go run $(STATICCHECK) ./... && cd deploy && go run $(STATICCHECK) .

# Without optimizing, these builds take a third less.
#
# What is generated is held by tests, and written anew by make golden. The figures of docs/performance.md take half an hour on
# an idle machine: make bench-peers.
check:
	go mod tidy -diff && cd deploy && go mod tidy -diff
	@for p in $(PLATFORMS); do \
		echo "build for $$p"; CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} go build -gcflags='all=-N -l' -o /dev/null . || exit 1; done

golden: deps
	go test ./cmd -run 'TestHelp|TestJSONForms|TestLibrary|TestManualCommands' -update
	go test ./scenarios/schema -run 'TestSchema' -update
	go test ./scenarios/kinds -update
	go test ./plan/queueing -run 'TestChecks' -update
	go test ./report ./report/exitcode ./report/render -run 'TestJSONFormIsKept|TestPage|TestTexts' -update
	cd deploy && go test . -update

fuzz:
	.ci/fuzz.sh

kill: deps
	go test -tags long ./cmd -run '^TestKill.*Anywhere$$' -parallel 3 -timeout 30m -v | grep -E '^(---|ok|FAIL|PASS)|KILL_SEED|    --- FAIL|_test.go'

# npm takes away what is not named.
SERVERS = haproxy varnishd caddy puma uvicorn waitress-serve
SERVER_PACKAGES = haproxy varnish caddy puma tomcat10 php-fpm uvicorn python3-waitress libnginx-mod-http-echo python3-django
SERVER_MODULES = express@4.22.3 express-session@1.19.0 multer@2.5.0
servers: deps
	@export PATH="$$PATH:/usr/sbin"; for c in $(SERVERS); do command -v $$c >/dev/null || missing=1; done; \
	[ -z "$$missing" ] && [ -e /usr/share/tomcat10 ] && ls /usr/sbin/php-fpm* >/dev/null && [ -e /usr/lib/nginx/modules/ngx_http_echo_module.so ] && [ -d /usr/lib/python3/dist-packages/django ] || { \
		$(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends $(SERVER_PACKAGES); }
	@cd .ci/npm/node_modules && [ -d express ] && [ -d express-session ] && [ -d multer ] || \
		npm install --silent --no-save --no-package-lock --prefix "$(CURDIR)/.ci/npm" hdr-histogram-js@3.0.1 $(SERVER_MODULES)
	go test -tags servers ./cmd -run '^TestServers' -timeout 20m -v

soak: deps
	go test -tags long ./cmd -run '^TestSoak$$' -timeout 0 -v

bench:
	go test -run '^$$' -bench . -benchmem ./...

bench-peers:
	bench/run.sh --write docs/performance.md

# The race detector needs a C compiler; tests drive a real nginx, Apache, lighttpd, gunicorn and tinyproxy, a nats-server that is not the
# embedded one, a shop in Node, show pages in a real Chromium, and have logs read by HdrHistogram for Java and for JavaScript.
NEEDED = nginx apache2 lighttpd gunicorn tinyproxy cc chromium nats-server ip node npm javac
PACKAGES = nginx-light apache2 lighttpd gunicorn tinyproxy gcc libc6-dev chromium nats-server iproute2 nodejs npm libhdrhistogram-java default-jdk-headless
deps:
	@export PATH="$$PATH:/usr/sbin"; for c in $(NEEDED); do command -v $$c >/dev/null || missing=1; done; \
	[ -z "$$missing" ] && [ -e /usr/share/java/hdrhistogram.jar ] || { \
		$(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends $(PACKAGES); }
	@[ -d .ci/npm/node_modules/hdr-histogram-js ] || npm install --silent --no-save --no-package-lock --prefix .ci/npm hdr-histogram-js@3.0.1
