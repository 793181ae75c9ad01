"""The order of arguments in scikit-learn 0.17, where today's is another.

All others stand in the order that they have today.
"""

__all__ = ["ORDERS", "WITHOUT_GROUPS"]

_FOREST = ("n_estimators criterion max_depth min_samples_split "
           "min_samples_leaf min_weight_fraction_leaf max_features "
           "max_leaf_nodes bootstrap oob_score n_jobs random_state verbose "
           "warm_start")
_TREE = ("criterion splitter max_depth min_samples_split min_samples_leaf "
         "min_weight_fraction_leaf max_features random_state max_leaf_nodes")
_BOOSTING = ("loss learning_rate n_estimators subsample min_samples_split "
             "min_samples_leaf min_weight_fraction_leaf max_depth init "
             "random_state max_features")
_SVM = ("kernel degree gamma coef0 shrinking probability tol cache_size "
        "class_weight verbose max_iter decision_function_shape random_state")
_SGD = "loss penalty alpha l1_ratio fit_intercept n_iter shuffle verbose "
_LASSO = ("fit_intercept normalize precompute copy_X max_iter tol warm_start "
          "positive random_state selection")
_ENET = ("fit_intercept normalize precompute max_iter copy_X tol warm_start "
         "positive random_state selection")
_LARS = "fit_intercept verbose normalize precompute "
_CHECK = ("accept_sparse dtype order copy force_all_finite ensure_2d "
          "allow_nd ")
_SEARCH = ("scoring fit_params n_jobs iid refit cv verbose pre_dispatch ")

#: Class or function → its arguments.
ORDERS = {name: order.split() for name, order in {
    "AgglomerativeClustering":
        "n_clusters affinity memory connectivity compute_full_tree linkage",
    "BernoulliNB": "alpha binarize fit_prior class_prior",
    "DBSCAN": "eps min_samples metric algorithm leaf_size p random_state",
    "DecisionTreeClassifier": _TREE + " class_weight presort",
    "DecisionTreeRegressor": _TREE + " presort",
    "ElasticNet": "alpha l1_ratio " + _ENET,
    "ElasticNetCV":
        "l1_ratio eps n_alphas alphas fit_intercept normalize precompute "
        "max_iter tol cv copy_X verbose n_jobs positive random_state "
        "selection",
    "ExtraTreesClassifier": _FOREST + " class_weight",
    "ExtraTreesRegressor": _FOREST,
    "GradientBoostingClassifier":
        _BOOSTING + " verbose max_leaf_nodes warm_start presort",
    "GradientBoostingRegressor":
        _BOOSTING + " alpha verbose max_leaf_nodes warm_start presort",
    "GridSearchCV": "estimator param_grid " + _SEARCH + "error_score",
    "Isomap": "n_neighbors n_components eigen_solver tol max_iter "
              "path_method neighbors_algorithm",
    "KMeans": "n_clusters init n_init max_iter tol precompute_distances "
              "verbose random_state copy_x n_jobs",
    "Lars": _LARS + "n_nonzero_coefs eps copy_X fit_path positive",
    "Lasso": "alpha " + _LASSO,
    "LassoCV":
        "eps n_alphas alphas fit_intercept normalize precompute max_iter tol "
        "copy_X cv verbose n_jobs positive random_state selection",
    "LassoLars": "alpha " + _LARS + "max_iter eps copy_X fit_path positive",
    "LinearRegression": "fit_intercept normalize copy_X n_jobs",
    "LogisticRegression":
        "penalty dual tol C fit_intercept intercept_scaling class_weight "
        "random_state solver max_iter multi_class verbose warm_start n_jobs",
    "MultinomialNB": "alpha fit_prior class_prior",
    "NMF": "n_components init solver tol max_iter random_state alpha "
           "l1_ratio verbose shuffle",
    "NuSVC": "nu " + _SVM,
    "OneClassSVM": "kernel degree gamma coef0 tol nu shrinking cache_size "
                   "verbose max_iter random_state",
    "OneHotEncoder":
        "n_values categorical_features dtype sparse handle_unknown",
    "PCA": "n_components copy whiten svd_solver tol iterated_power "
           "random_state",
    "Perceptron": "penalty alpha fit_intercept n_iter shuffle verbose eta0 "
                  "n_jobs random_state class_weight warm_start",
    "RandomForestClassifier": _FOREST + " class_weight",
    "RandomForestRegressor": _FOREST,
    "RandomizedSearchCV":
        "estimator param_distributions n_iter " + _SEARCH
        + "random_state error_score",
    "Ridge": "alpha fit_intercept normalize copy_X max_iter tol solver "
             "random_state",
    "RidgeCV":
        "alphas fit_intercept normalize scoring cv gcv_mode store_cv_values",
    "RidgeClassifier": "alpha fit_intercept normalize copy_X max_iter tol "
                       "class_weight solver random_state",
    "SGDClassifier":
        _SGD + "epsilon n_jobs random_state learning_rate eta0 power_t "
        "class_weight warm_start average",
    "SGDRegressor": _SGD + "epsilon random_state learning_rate eta0 power_t "
                           "warm_start average",
    "SVC": "C " + _SVM,
    "SpectralClustering":
        "n_clusters eigen_solver random_state n_init gamma affinity "
        "n_neighbors eigen_tol assign_labels degree coef0 kernel_params",
    "TSNE":
        "n_components perplexity early_exaggeration learning_rate n_iter "
        "n_iter_without_progress min_grad_norm metric init verbose "
        "random_state method angle",
    "TruncatedSVD": "n_components algorithm n_iter random_state tol",
    "average_precision_score": "y_true y_score average sample_weight",
    "check_X_y": "X y " + _CHECK + "multi_output ensure_min_samples "
                 "ensure_min_features y_numeric estimator",
    "check_array": "array " + _CHECK + "ensure_min_samples "
                   "ensure_min_features estimator",
    "dbscan": "X eps min_samples metric algorithm leaf_size p sample_weight",
    "k_means": "X n_clusters init precompute_distances n_init max_iter "
               "verbose tol random_state copy_x n_jobs return_n_iter",
    "log_loss": "y_true y_pred eps normalize sample_weight",
    "make_scorer":
        "score_func greater_is_better needs_proba needs_threshold",
}.items()}

#: Functions as in ``sklearn.cross_validation`` and its kind.
WITHOUT_GROUPS = {name: order.split() for name, order in {
    "cross_val_predict": "estimator X y cv n_jobs verbose fit_params "
                         "pre_dispatch",
    "cross_val_score": "estimator X y scoring cv n_jobs verbose fit_params "
                       "pre_dispatch",
    "learning_curve": "estimator X y train_sizes cv scoring "
                      "exploit_incremental_learning n_jobs pre_dispatch "
                      "verbose",
    "permutation_test_score": "estimator X y cv n_permutations n_jobs labels "
                              "random_state verbose scoring",
    "validation_curve": "estimator X y param_name param_range cv scoring "
                        "n_jobs pre_dispatch verbose",
}.items()}
