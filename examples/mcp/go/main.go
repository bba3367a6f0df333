// SPDX-License-Identifier: Apache-2.0

// hello-mcp-go: an MCP server with the official Go SDK, and the least an agent
// has to do to end well: on SIGTERM stop accepting, finish what runs, exit 0.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const version = "0.1.0"

type greetArgs struct {
	Name string `json:"name" jsonschema:"who is greeted"`
}

type sleepArgs struct {
	Milliseconds int `json:"ms" jsonschema:"how long the answer takes, at most 60000"`
}

func greet(_ context.Context, _ *mcp.CallToolRequest, args greetArgs) (*mcp.CallToolResult, any, error) {
	pod, err := os.Hostname()
	if err != nil {
		return nil, nil, err
	}
	return text(fmt.Sprintf("Hello, %s. This is %s.", args.Name, pod)), nil, nil
}

func sleep(ctx context.Context, _ *mcp.CallToolRequest, args sleepArgs) (*mcp.CallToolResult, any, error) {
	if args.Milliseconds < 0 || args.Milliseconds > 60000 {
		return nil, nil, errors.New("ms must be between 0 and 60000")
	}
	select {
	case <-time.After(time.Duration(args.Milliseconds) * time.Millisecond):
		return text(fmt.Sprintf("slept %d ms", args.Milliseconds)), nil, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

func text(s string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: s}}}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	tools := mcp.NewServer(&mcp.Implementation{Name: "hello-mcp-go", Version: version}, nil)
	mcp.AddTool(tools, &mcp.Tool{Name: "greet", Description: "Greets, and tells which pod answered."}, greet)
	mcp.AddTool(tools, &mcp.Tool{Name: "sleep", Description: "Answers after a while."}, sleep)

	// Stateless: any replica answers any request, before and after a sleep.
	endpoint := mcp.NewStreamableHTTPHandler(
		func(*http.Request) *mcp.Server { return tools },
		&mcp.StreamableHTTPOptions{Stateless: true})
	mux := http.NewServeMux()
	mux.Handle("/mcp", endpoint)

	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	server := &http.Server{Addr: ":" + port, Handler: mux, ReadHeaderTimeout: 10 * time.Second}

	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	log.Printf("hello-mcp-go %s listens on %s", version, server.Addr)

	select {
	case err := <-failed:
		log.Fatalf("cannot serve: %v", err)
	case <-ctx.Done():
	}

	// The pattern: Shutdown stops accepting and waits for what runs.
	log.Print("SIGTERM: finishing")
	grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		log.Printf("some requests did not end in time: %v", err)
		_ = server.Close()
	}
	log.Print("done")
}
