"""What the server can do to a request. A fault is one function, named in a prompt as `[fault NAME]`.

Functions of `WRONG` spoil the answer; those of `ODD` give the right answer in an unusual form, which must not matter.
To add one, write it in the module of its kind.
"""

from tests.faulty_server import faults_of_content, faults_of_echo, faults_of_transport, odd_forms
from tests.faulty_server.registry import ODD, WRONG

__all__ = ["ODD", "WRONG", "faults_of_content", "faults_of_echo", "faults_of_transport", "odd_forms"]
