// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TransparentUpgradeableProxy} from "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol";

/// @title SuiteFactory
/// @notice Creates the proxies of a suite whose contracts name each other. The addresses are known as soon as the
/// factory exists, so implementations can hold them as immutables before any proxy does.
/// @dev Proxy i (from 0) is the contract that this one creates with nonce i + 1. It creates nothing else, so the proxies'
/// addresses follow from the factory's alone.
///
/// Invariant: either no proxy exists, or all of one suite do, each initialised and owned by the timelock.
contract SuiteFactory {
    /// @notice Proxy number `index` of the suite was created and initialised.
    event ProxyCreated(uint256 indexed index, address indexed proxy, address implementation);

    /// @notice Only the account that the factory was created for may call.
    error FactoryUnauthorized(address caller);
    /// @notice The proxies exist already.
    error FactoryAlreadyUsed();
    /// @notice There must be at least one implementation, at most `MAX_PROXIES`, and one initialisation and value for each.
    error FactoryLengths(uint256 implementations, uint256 initData, uint256 values);
    /// @notice The wei sent must be the sum of the values.
    error FactoryValue(uint256 sent, uint256 sum);
    /// @notice The owner of the proxies must be a contract: an upgrade without notice must have no path.
    error FactoryTimelockWithoutCode(address timelock);
    /// @notice There is no proxy number `index`.
    error FactoryIndexOutOfRange(uint256 index);
    /// @notice Proxy number `index` was not created where `proxyAddress` says.
    error FactoryAddressMismatch(uint256 index, address expected, address created);

    /// @notice Nonces up to here are one byte in RLP.
    uint256 public constant MAX_PROXIES = 127;

    /// @notice The only account that may use the factory, whoever created it.
    address public immutable DEPLOYER;

    /// @notice Whether the proxies exist.
    bool public used;

    /// @param deployer Named here, not taken from the caller: anybody may create the factory through CREATE2, at an address
    /// that commits to this argument, and nobody but `deployer` can use it.
    constructor(address deployer) {
        DEPLOYER = deployer;
    }

    /// @notice Creates and initialises all proxies, in one transaction.
    /// @param implementations One for each proxy, in the order of `proxyAddress`.
    /// @param initData Call that initialises each; not empty.
    /// @param values Wei that goes with each call.
    /// @param timelock Owner of each proxy's admin.
    function createProxies(
        address[] calldata implementations,
        bytes[] calldata initData,
        uint256[] calldata values,
        address timelock
    ) external payable returns (address[] memory proxies) {
        if (msg.sender != DEPLOYER) revert FactoryUnauthorized(msg.sender);
        if (used) revert FactoryAlreadyUsed();
        uint256 count = implementations.length;
        if (count == 0 || count > MAX_PROXIES || count != initData.length || count != values.length) {
            revert FactoryLengths(count, initData.length, values.length);
        }
        if (timelock.code.length == 0) revert FactoryTimelockWithoutCode(timelock);

        used = true;
        proxies = new address[](count);
        uint256 sum = 0;
        for (uint256 i = 0; i < count; ++i) {
            address proxy = address(
                new TransparentUpgradeableProxy{value: values[i]}(implementations[i], timelock, initData[i])
            );
            // INVARIANT: the neighbours that implementations hold are the proxies themselves.
            if (proxy != proxyAddress(i)) revert FactoryAddressMismatch(i, proxyAddress(i), proxy);
            proxies[i] = proxy;
            sum += values[i];
            emit ProxyCreated(i, proxy, implementations[i]);
        }
        // INVARIANT: no ether stays here.
        if (sum != msg.value) revert FactoryValue(msg.value, sum);
    }

    /// @notice Where proxy number `index` is or will be.
    function proxyAddress(uint256 index) public view returns (address) {
        if (index >= MAX_PROXIES) revert FactoryIndexOutOfRange(index);
        // CREATE: the last 20 bytes of keccak256(rlp([creator, nonce])).
        bytes memory encoded = abi.encodePacked(hex"d694", address(this), uint8(index + 1));
        return address(uint160(uint256(keccak256(encoded))));
    }
}
