# SPDX-License-Identifier: Apache-2.0
# Container images. images/build.sh knows which are out of date, so these targets always ask it.

.PHONY: images example-images docker-build ui images-check examples-check

images: all ## the daemons' container images, as archives in build/images
	@BUILD=$(BUILD) VERSION=$(VERSION) images/build.sh daemons

example-images: ## the examples' container images, as archives in build/images
	@BUILD=$(BUILD) images/build.sh examples

docker-build: ## the same images into your docker, or by buildah where no docker answers
	@BUILD=$(BUILD) VERSION=$(VERSION) images/docker-build.sh

images-check: images ## the images are small, rootless, without a shell, and reproducible
	@$(SUITE) images images/check.sh

examples-check: ## the examples, as processes here, called by the official clients
	@$(SUITE) examples examples/check.sh

ui: ## the operator UI (comes with the control plane)
	@echo 'ui: the operator UI comes with the control plane, which is not part of this version: there is nothing to build yet'
