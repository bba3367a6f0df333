// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/record"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

const (
	fieldOwner = client.FieldOwner("gocontroller")
	finalizer  = "krypton.ai/cleanup"
)

type reconciler struct {
	client.Client
	recorder   record.EventRecorder
	proxyImage string
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	agent := &unstructured.Unstructured{}
	agent.SetGroupVersionKind(agentKind)
	if err := r.Get(ctx, request.NamespacedName, agent); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if agent.GetDeletionTimestamp() != nil {
		return ctrl.Result{}, nil
	}
	if !controllerutil.ContainsFinalizer(agent, finalizer) {
		before := agent.DeepCopy()
		controllerutil.AddFinalizer(agent, finalizer)
		if err := r.Patch(ctx, agent, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
			return ctrl.Result{}, err
		}
	}
	spec, err := readSpec(agent)
	if err != nil {
		return ctrl.Result{}, nil // no try mends it, its next change may
	}
	if err := r.applyAccount(ctx, spec); err != nil {
		return ctrl.Result{}, err
	}
	if err := r.applyService(ctx, spec); err != nil {
		return ctrl.Result{}, err
	}
	deployment, err := r.applyDeployment(ctx, spec)
	if err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{}, r.applyStatus(ctx, agent, spec, deployment)
}

// read says whether the object is there; what somebody else has under that name is not taken over.
func (r *reconciler) read(ctx context.Context, spec *agentSpec, object client.Object) (bool, error) {
	err := r.Get(ctx, client.ObjectKey{Namespace: spec.namespace, Name: spec.name}, object)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, owner := range object.GetOwnerReferences() {
		if owner.UID == spec.owner.UID {
			return true, nil
		}
	}
	return false, fmt.Errorf("%s/%s is not this Agent's", spec.namespace, spec.name)
}

func (r *reconciler) apply(ctx context.Context, object client.Object) error {
	return r.Patch(ctx, object, client.Apply, fieldOwner, client.ForceOwnership)
}

func hasLabels(object client.Object, wanted map[string]string) bool {
	return equality.Semantic.DeepDerivative(wanted, object.GetLabels())
}

func (r *reconciler) applyAccount(ctx context.Context, spec *agentSpec) error {
	wanted, seen := spec.account(), &corev1.ServiceAccount{}
	isThere, err := r.read(ctx, spec, seen)
	if err != nil {
		return err
	}
	if isThere && hasLabels(seen, wanted.Labels) &&
		equality.Semantic.DeepEqual(wanted.AutomountServiceAccountToken, seen.AutomountServiceAccountToken) {
		return nil
	}
	return r.apply(ctx, wanted)
}

func (r *reconciler) applyService(ctx context.Context, spec *agentSpec) error {
	wanted, seen := spec.service(), &corev1.Service{}
	isThere, err := r.read(ctx, spec, seen)
	if err != nil {
		return err
	}
	if isThere && hasLabels(seen, wanted.Labels) && equality.Semantic.DeepDerivative(wanted.Spec, seen.Spec) {
		return nil
	}
	return r.apply(ctx, wanted)
}

// applyDeployment returns the Deployment as it then is.
func (r *reconciler) applyDeployment(ctx context.Context, spec *agentSpec) (*appsv1.Deployment, error) {
	wanted, seen := spec.deployment(r.proxyImage), &appsv1.Deployment{}
	isThere, err := r.read(ctx, spec, seen)
	if err != nil {
		return nil, err
	}
	if isThere && hasLabels(seen, wanted.Labels) && equality.Semantic.DeepDerivative(wanted.Spec, seen.Spec) {
		return seen, nil
	}
	return wanted, r.apply(ctx, wanted)
}

func conditionSince(agent *unstructured.Unstructured, wanted map[string]any) any {
	conditions, _, _ := unstructured.NestedSlice(agent.Object, "status", "conditions")
	for _, entry := range conditions {
		condition, ok := entry.(map[string]any)
		if ok && condition["type"] == wanted["type"] && condition["status"] == wanted["status"] {
			return condition["lastTransitionTime"]
		}
	}
	return metav1.Now().UTC().Format("2006-01-02T15:04:05Z")
}

func (r *reconciler) applyStatus(
	ctx context.Context, agent *unstructured.Unstructured, spec *agentSpec, deployment *appsv1.Deployment,
) error {
	status := spec.status(agent, deployment)
	seen, _, _ := unstructured.NestedMap(agent.Object, "status")
	if equality.Semantic.DeepDerivative(status, seen) {
		return nil
	}
	report := &unstructured.Unstructured{Object: map[string]any{"status": status}}
	report.SetGroupVersionKind(agentKind)
	report.SetNamespace(spec.namespace)
	report.SetName(spec.name)
	if err := r.Status().Patch(ctx, report, client.Apply, fieldOwner, client.ForceOwnership); err != nil {
		return client.IgnoreNotFound(err)
	}
	if len(seen) == 0 {
		r.recorder.Eventf(agent, corev1.EventTypeNormal, "Created", "Deployment, Service and ServiceAccount %s have been made.", spec.name)
	}
	return nil
}
