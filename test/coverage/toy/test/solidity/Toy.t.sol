// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Toy} from "../../contracts/Toy.sol";

contract ToyTest {
    function test_Probe() external {
        Toy toy = new Toy();
        require(keccak256(bytes(toy.probe(4))) == keccak256("added"));
        require(keccak256(bytes(toy.probe(3))) == keccak256("refused"));
        require(!toy.both(false, true, true));
    }
}
