"""One file a model.

A model is a class called as `Model(shape, classes, *, options…)`: `shape` is one example's shape, options are
keyword-only. `example_shape` is the shape that its documented figures stand for.

A network is an `nn.Module` from (batch, *shape) float32 to (batch, classes) logits; softmax belongs to the loss and to
the classifier. Its docstring is its card: `Input`, `Output`, `Source`, and "N parameters at SHAPE and K classes", in
Keras' count (`earmark.models.parameters`). A classical estimator has scikit-learn's `fit(x, y)` and
`predict_proba(x)` instead, and gives what it learned as arrays (`earmark.models.estimator`).

What every listed model must hold stands in tests/conformance/test_models.py.
"""
