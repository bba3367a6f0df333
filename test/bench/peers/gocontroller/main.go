// SPDX-License-Identifier: Apache-2.0

// gocontroller does what Krypton's controller does for an Agent at rest, with controller-runtime: finalizer, ServiceAccount,
// Service and Deployment by server-side apply, status, one Event. It writes only what differs from what its caches hold, has
// ten workers and no throttle of its own. Webhooks, diagnosis and the way back are left out.
package main

import (
	"flag"
	"fmt"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func run(metricsAddress, healthAddress, proxyImage string) error {
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	config.QPS = -1
	config.UserAgent = "gocontroller"

	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	mgr, err := ctrl.NewManager(config, manager.Options{
		Scheme:                 scheme,
		Metrics:                metricsserver.Options{BindAddress: metricsAddress},
		HealthProbeBindAddress: healthAddress,
		// Who owns which field is the API server's to know: nothing here reads it.
		Cache: cache.Options{DefaultTransform: cache.TransformStripManagedFields()},
		// Agents are unstructured and are to be read from the cache all the same.
		Client: client.Options{Cache: &client.CacheOptions{Unstructured: true}},
	})
	if err != nil {
		return err
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return err
	}
	agent := &unstructured.Unstructured{}
	agent.SetGroupVersionKind(agentKind)
	err = ctrl.NewControllerManagedBy(mgr).
		For(agent).
		Owns(&corev1.ServiceAccount{}).
		Owns(&corev1.Service{}).
		Owns(&appsv1.Deployment{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: 10}).
		Named("agent").
		Complete(&reconciler{
			Client:     mgr.GetClient(),
			recorder:   mgr.GetEventRecorderFor("gocontroller"),
			proxyImage: proxyImage,
		})
	if err != nil {
		return err
	}
	return mgr.Start(ctrl.SetupSignalHandler())
}

func main() {
	metricsAddress := flag.String("metrics-bind-address", ":8080", "where /metrics is served")
	healthAddress := flag.String("health-probe-bind-address", ":8081", "where /healthz is served")
	proxyImage := flag.String("proxy-image", "proxy:1", "image of the sidecar")
	flag.Parse()
	ctrl.SetLogger(zap.New())
	if err := run(*metricsAddress, *healthAddress, *proxyImage); err != nil {
		fmt.Fprintln(os.Stderr, "gocontroller:", err)
		os.Exit(1)
	}
}
