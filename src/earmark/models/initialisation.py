"""How weights begin."""

from __future__ import annotations

from torch import nn


def initialise_as_keras(model: nn.Module) -> None:
    """Give convolutions, dense and recurrent layers of `model` the weights that Keras starts them with.

    Kernels Glorot uniform, recurrent kernels orthogonal, biases 0, but 1 for the LSTM's forget gate (Jozefowicz,
    Zaremba & Sutskever 2015, ICML, section 2.2).
    """
    for module in model.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.RNNBase):
            for name, parameter in module.named_parameters():
                if name.startswith("weight_ih"):
                    nn.init.xavier_uniform_(parameter)
                elif name.startswith("weight_hh"):
                    nn.init.orthogonal_(parameter)
                else:
                    nn.init.zeros_(parameter)
                if isinstance(module, nn.LSTM) and name.startswith("bias_ih"):
                    # The gates lie in the order input, forget, cell, output.
                    nn.init.ones_(parameter[module.hidden_size : 2 * module.hidden_size])
