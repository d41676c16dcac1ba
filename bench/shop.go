package main

import (
	"context"
	"fmt"
	"math"
	"strings"

	"fsctl/scenarios/quantity"
)

// buyers is the share of fsctl's closed-loop rate at which requests of buyers come. One core of k6 can send it.
const buyers = 0.03

// buyerRequests is how many requests a buyer of shop.yaml and shop.js sends.
const buyerRequests = 3

// shop compares what two generators spend on the same buyers, who come at the same rate, and how many lines describe them.
func (b *bench) shop(plain load) *comparison {
	return &comparison{name: shopName, title: shopTitle, columns: []*metric{coreRate, requestCPU, wholeCPU, requestRate, generatorBusy, serverBusy},
		primary: coreRate, also: []*metric{requestCPU}, reference: newBuild,
		contenders: func(ctx context.Context) ([]contender, error) {
			top, err := b.topRate(ctx, shopTitle, plain)
			if err != nil {
				return nil, err
			}
			given := plain
			given.shop, given.ratePerSec = true, buyerRequests*math.Round(buyers*top/buyerRequests)
			b.remarkf("%s: fsctl made %s of the closed loop just before, %s of that is %s, by %s buyers", shopTitle, quantity.Rate(top), quantity.Percent(buyers),
				quantity.Rate(given.ratePerSec), quantity.Rate(given.buyersPerSec()))
			script, scenario, err := scriptLines()
			if err != nil {
				return nil, err
			}
			b.remarkf("%s: shop.yaml of fsctl has %s, shop.js of k6 %s, without blank ones and comments", shopTitle, quantity.Of(scenario, "line"), quantity.Of(script, "line"))
			return b.same(given, "k6"), nil
		}}
}

// buyersPerSec returns how many buyers come a second.
func (l load) buyersPerSec() float64 { return l.ratePerSec / buyerRequests }

// scriptLines returns the lines of k6's script and of fsctl's scenario.
func scriptLines() (script, scenario int, err error) {
	if script, err = linesOf("shop.js", "//"); err != nil {
		return 0, 0, err
	}
	scenario, err = linesOf("shop.yaml", "#")
	return script, scenario, err
}

// linesOf counts the lines of a file that are neither blank nor comments.
func linesOf(name, comment string) (lines int, err error) {
	text, err := files.ReadFile(name)
	if err != nil {
		return 0, fmt.Errorf("count lines: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, comment) {
			lines++
		}
	}
	return lines, nil
}
