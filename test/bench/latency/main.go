// SPDX-License-Identifier: Apache-2.0

// latency compares the time of small requests on two ways to the same agent: directly, and through gateway and
// sidecar. The ways take turns request by request, so that whatever else the machine does falls on both alike;
// what is added is taken pair by pair within each round.
//
//	latency -direct URL -through URL [-rounds 30] [-requests 200]
package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"time"
)

type way struct {
	url    string
	client *http.Client
}

func newWay(url string) *way {
	return &way{url: url, client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 1}}}
}

func (w *way) get() (time.Duration, error) {
	started := time.Now()
	answer, err := w.client.Get(w.url)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0, err
	}
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("GET %s: %s", w.url, answer.Status)
	}
	return time.Since(started), nil
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

func ordered(times []time.Duration) []time.Duration {
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	return times
}

type round struct{ direct, through [2]time.Duration } // p50, p99

func measure(direct, through *way, requests int) (round, error) {
	var took [2][]time.Duration
	for i := 0; i < requests; i++ {
		for at, w := range []*way{direct, through} {
			elapsed, err := w.get()
			if err != nil {
				return round{}, err
			}
			took[at] = append(took[at], elapsed)
		}
	}
	var result round
	for at, q := range []float64{0.5, 0.99} {
		result.direct[at] = quantile(ordered(took[0]), q)
		result.through[at] = quantile(ordered(took[1]), q)
	}
	return result, nil
}

func microseconds(d time.Duration) string {
	return fmt.Sprintf("%.0f us", float64(d)/float64(time.Microsecond))
}

func show(name string, rounds []round, at int) {
	var direct, through, added []time.Duration
	for _, r := range rounds {
		direct = append(direct, r.direct[at])
		through = append(through, r.through[at])
		added = append(added, r.through[at]-r.direct[at])
	}
	ordered(direct)
	ordered(through)
	ordered(added)
	fmt.Printf("  %-4s direct %9s   through gateway and sidecar %9s   added %9s (rounds: %s to %s)\n", name,
		microseconds(quantile(direct, 0.5)), microseconds(quantile(through, 0.5)), microseconds(quantile(added, 0.5)),
		microseconds(added[0]), microseconds(added[len(added)-1]))
}

func main() {
	directURL := flag.String("direct", "", "the agent's own URL")
	throughURL := flag.String("through", "", "the same through the gateway")
	count := flag.Int("rounds", 30, "rounds; each gives one p50 and one p99 a way")
	requests := flag.Int("requests", 200, "requests a round and way")
	flag.Parse()
	if *directURL == "" || *throughURL == "" || *count < 1 || *requests < 1 {
		flag.Usage()
		os.Exit(2)
	}
	direct, through := newWay(*directURL), newWay(*throughURL)
	var rounds []round
	for i := 0; i <= *count; i++ {
		result, err := measure(direct, through, *requests)
		if err != nil {
			fmt.Fprintln(os.Stderr, "latency:", err)
			os.Exit(1)
		}
		if i > 0 { // the first one warms up
			rounds = append(rounds, result)
		}
	}
	fmt.Printf("  %d rounds of %d requests each way, one connection, turn by turn; medians over rounds\n", *count, *requests)
	show("p50", rounds, 0)
	show("p99", rounds, 1)
}
