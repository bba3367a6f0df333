// SPDX-License-Identifier: Apache-2.0

// Package plugins stands in for Prometheus' own list of discoveries, which brings the SDKs of two dozen clouds: Kubernetes is all
// that the tests discover by. hack/cluster's Kubernetes libraries are the same version, so they are compiled once for both.
package plugins

import (
	_ "github.com/prometheus/prometheus/discovery/file"
	_ "github.com/prometheus/prometheus/discovery/http"
	_ "github.com/prometheus/prometheus/discovery/kubernetes"
)
